# A server, or any other command of p2pshare:
#   docker build -t p2pshare . && docker run --network host p2pshare
# The network of the host, because what a server shows its clients is where they come from, and the
# addresses of a bridge hide that.
FROM node:22-slim AS build
WORKDIR /build
COPY . .
RUN npm ci && npm pack && mv p2pshare-*.tgz p2pshare.tgz

FROM node:22-slim
COPY --from=build /build/p2pshare.tgz /tmp/p2pshare.tgz
RUN npm install --global /tmp/p2pshare.tgz && npm cache clean --force && rm /tmp/p2pshare.tgz
USER node
EXPOSE 9420/tcp 9420/udp 9421/udp
ENTRYPOINT ["p2pshare"]
CMD ["server"]
