/* linkemu - a small userspace L3 link emulator (two TUN devices, each in its own network namespace).
 *
 *   NS A [tunA 10.x.x.1] <--> linkemu (rate + droptail queue + delay + loss + reorder + dup) <--> [tunB 10.x.x.2] NS B
 *
 * Build:  cc -O2 -Wall -o linkemu linkemu.c -lm
 * Usage:  linkemu -a NSA -b NSB [-A 10.66.0.1/24] [-B 10.66.0.2/24] [-i 0] [link options] [-s SEC]
 *   -a NAME -b NAME   existing network namespaces (ip netns add NAME); devices are lkA<i> / lkB<i> (-i index)
 *   -A CIDR -B CIDR   addresses given to the two ends; -m MTU (1500)
 *   Link options apply to both directions; prefix 'ab:' or 'ba:' on the value sets only one direction, e.g. -r ab:10e6
 *   -r BPS            rate in bit/s of IP bytes (0 = unlimited); 100e6 works
 *   -d MS             one-way delay;  -j MS  uniform jitter 0..MS (may reorder)
 *   -l PCT            random loss percent, applied after the queue (the packet uses link time, then vanishes)
 *   -g PB:PG          burst loss (Gilbert): per-packet probability good->bad, bad->good; everything in 'bad' is lost
 *   -o PCT:MS         reorder: PCT of packets are delayed by MS more
 *   -u PCT            duplicate
 *   -q BYTES          droptail queue limit in bytes (default max(64 KiB, rate*50ms)); e.g. one BDP = rate/8*RTT
 *   -s SEC            print counters to stderr every SEC seconds (also at SIGINT/SIGTERM)
 *   -S SEED           seed of the random numbers (repeatable loss patterns)
 * The kernel segments GSO super-packets before a TUN without offloads, so each wire datagram is queued/lost on its own.
 * Needs root. Ends (and its devices vanish) on SIGTERM. What it carries: docs/performance.md.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SLOT 2048
#define NSLOT 131072u
typedef struct {
  int64_t t;
  uint32_t slot;
  uint16_t len;
} ent;
typedef struct {
  double rate, delay, jitter, loss, gb, bg, reo, reoms, dup;
  double qlim;
  int bad;
  int64_t nextfree;
  ent *ring;
  uint32_t head, tail; /* in-order deliveries */
  ent *heap;
  uint32_t nheap; /* out-of-order deliveries */
  uint64_t in, inB, out, outB, dropQ, dropL, dropPool, ndup, nreo, werr;
  double maxq;
} dir;
static dir D[2];
static uint8_t *mem;
static uint32_t *freel, nfree;
static volatile sig_atomic_t stop;
static void onsig(int s) {
  (void)s;
  stop = 1;
}
static uint64_t rs[2] = {0x9E3779B97F4A7C15ull, 0xD1B54A32D192ED03ull};
static inline double rnd(void) { /* xorshift128+ */
  uint64_t a = rs[0], b = rs[1];
  rs[0] = b;
  a ^= a << 23;
  rs[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return (double)((rs[1] + b) >> 11) * (1.0 / 9007199254740992.0);
}
static inline int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}
static void die(const char *m) {
  perror(m);
  exit(1);
}
static int mktun(const char *ns, const char *name, const char *cidr, int mtu) {
  char p[256];
  snprintf(p, sizeof p, "/var/run/netns/%s", ns);
  int self = open("/proc/self/ns/net", O_RDONLY), n = open(p, O_RDONLY);
  if (self < 0 || n < 0)
    die(p);
  if (setns(n, CLONE_NEWNET))
    die("setns");
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (fd < 0)
    die("/dev/net/tun");
  struct ifreq r;
  memset(&r, 0, sizeof r);
  r.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &r))
    die("TUNSETIFF");
  char c[512];
  snprintf(c, sizeof c, "ip addr add %s dev %s && ip link set %s mtu %d txqueuelen 20000 up", cidr,
           name, name, mtu);
  if (system(c))
    die("ip");
  if (setns(self, CLONE_NEWNET))
    die("setns back");
  close(self);
  close(n);
  return fd;
}
static void heap_push(dir *d, ent e) {
  uint32_t i = d->nheap++;
  while (i) {
    uint32_t p = (i - 1) / 2;
    if (d->heap[p].t <= e.t)
      break;
    d->heap[i] = d->heap[p];
    i = p;
  }
  d->heap[i] = e;
}
static ent heap_pop(dir *d) {
  ent r = d->heap[0], l = d->heap[--d->nheap];
  uint32_t i = 0;
  for (;;) {
    uint32_t c = 2 * i + 1;
    if (c >= d->nheap)
      break;
    if (c + 1 < d->nheap && d->heap[c + 1].t < d->heap[c].t)
      c++;
    if (l.t <= d->heap[c].t)
      break;
    d->heap[i] = d->heap[c];
    i = c;
  }
  d->heap[i] = l;
  return r;
}
static void enqueue(dir *d, int64_t t, uint32_t slot, uint16_t len) {
  ent e = {t, slot, len};
  if (d->head == d->tail || d->ring[(d->tail - 1) & (NSLOT - 1)].t <= t) {
    d->ring[d->tail++ & (NSLOT - 1)] = e;
  } else
    heap_push(d, e);
}
static void ingress(dir *d, int64_t t, uint32_t slot, int len) {
  d->in++;
  d->inB += len;
  int64_t dep = t;
  if (d->rate > 0) {
    double backlog = d->nextfree > t ? (double)(d->nextfree - t) * d->rate / 8e9 : 0;
    if (backlog + len > d->qlim) {
      d->dropQ++;
      freel[nfree++] = slot;
      return;
    }
    if (backlog + len > d->maxq)
      d->maxq = backlog + len;
    if (d->nextfree < t)
      d->nextfree = t;
    d->nextfree += (int64_t)(len * 8e9 / d->rate);
    dep = d->nextfree;
  }
  int lose = 0;
  if (d->gb > 0) {
    if (d->bad) {
      if (rnd() < d->bg)
        d->bad = 0;
    } else if (rnd() < d->gb)
      d->bad = 1;
    lose = d->bad;
  }
  if (!lose && d->loss > 0 && rnd() < d->loss)
    lose = 1;
  if (lose) {
    d->dropL++;
    freel[nfree++] = slot;
    return;
  }
  int64_t at = dep + (int64_t)(d->delay * 1e6);
  if (d->jitter > 0)
    at += (int64_t)(rnd() * d->jitter * 1e6);
  if (d->reo > 0 && rnd() < d->reo) {
    at += (int64_t)(d->reoms * 1e6);
    d->nreo++;
    heap_push(d, (ent){at, slot, (uint16_t)len});
  } else
    enqueue(d, at, slot, (uint16_t)len);
  if (d->dup > 0 && nfree && rnd() < d->dup) {
    uint32_t s2 = freel[--nfree];
    memcpy(mem + (size_t)s2 * SLOT, mem + (size_t)slot * SLOT, len);
    d->ndup++;
    heap_push(d, (ent){at, s2, (uint16_t)len});
  }
}
static int64_t nextt(dir *d) {
  int64_t a = INT64_MAX;
  if (d->head != d->tail)
    a = d->ring[d->head & (NSLOT - 1)].t;
  if (d->nheap && d->heap[0].t < a)
    a = d->heap[0].t;
  return a;
}
static void deliver(dir *d, int64_t t, int fd) {
  for (int k = 0; k < 256; k++) {
    int64_t a = d->head != d->tail ? d->ring[d->head & (NSLOT - 1)].t : INT64_MAX;
    ent e;
    if (d->nheap && d->heap[0].t < a) {
      if (d->heap[0].t > t)
        return;
      e = heap_pop(d);
    } else {
      if (a > t)
        return;
      e = d->ring[d->head++ & (NSLOT - 1)];
    }
    if (write(fd, mem + (size_t)e.slot * SLOT, e.len) == e.len) {
      d->out++;
      d->outB += e.len;
    } else
      d->werr++;
    freel[nfree++] = e.slot;
  }
}
static void pr(const char *w, dir *d) {
  fprintf(stderr,
          "%s in=%llu (%.1f MB) out=%llu dropQ=%llu lost=%llu dup=%llu reord=%llu pooldrop=%llu "
          "werr=%llu maxq=%.0f B\n",
          w, (unsigned long long)d->in, d->inB / 1e6, (unsigned long long)d->out,
          (unsigned long long)d->dropQ, (unsigned long long)d->dropL, (unsigned long long)d->ndup,
          (unsigned long long)d->nreo, (unsigned long long)d->dropPool, (unsigned long long)d->werr,
          d->maxq);
}
static void both(const char *v, size_t off, double scale) {
  int lo = 0, hi = 1;
  if (!strncmp(v, "ab:", 3)) {
    hi = 0;
    v += 3;
  } else if (!strncmp(v, "ba:", 3)) {
    lo = 1;
    v += 3;
  }
  for (int i = lo; i <= hi; i++)
    *(double *)((char *)&D[i] + off) = atof(v) * scale;
}
static void pair(const char *v, size_t o1, double s1, size_t o2, double s2) {
  const char *base = v;
  int lo = 0, hi = 1;
  if (!strncmp(v, "ab:", 3)) {
    hi = 0;
    base = v + 3;
  } else if (!strncmp(v, "ba:", 3)) {
    lo = 1;
    base = v + 3;
  }
  const char *c = strchr(base, ':');
  for (int i = lo; i <= hi; i++) {
    *(double *)((char *)&D[i] + o1) = atof(base) * s1;
    *(double *)((char *)&D[i] + o2) = (c ? atof(c + 1) : 0) * s2;
  }
}
#define OFF(f) offsetof(dir, f)
#include <stddef.h>
int main(int argc, char **argv) {
  const char *na = 0, *nb = 0, *ca = "10.66.0.1/24", *cb = "10.66.0.2/24";
  int c, idx = 0, mtu = 1500;
  double every = 0;
  while ((c = getopt(argc, argv, "a:b:A:B:i:m:r:d:j:l:g:o:u:q:s:S:")) != -1)
    switch (c) {
    case 'a':
      na = optarg;
      break;
    case 'b':
      nb = optarg;
      break;
    case 'A':
      ca = optarg;
      break;
    case 'B':
      cb = optarg;
      break;
    case 'i':
      idx = atoi(optarg);
      break;
    case 'm':
      mtu = atoi(optarg);
      break;
    case 's':
      every = atof(optarg);
      break;
    case 'S':
      rs[0] ^= strtoull(optarg, 0, 0) * 0xBF58476D1CE4E5B9ull;
      break;
    case 'r':
      both(optarg, OFF(rate), 1);
      break;
    case 'd':
      both(optarg, OFF(delay), 1);
      break;
    case 'j':
      both(optarg, OFF(jitter), 1);
      break;
    case 'l':
      both(optarg, OFF(loss), .01);
      break;
    case 'u':
      both(optarg, OFF(dup), .01);
      break;
    case 'q':
      both(optarg, OFF(qlim), 1);
      break;
    case 'g':
      pair(optarg, OFF(gb), 1, OFF(bg), 1);
      break;
    case 'o':
      pair(optarg, OFF(reo), .01, OFF(reoms), 1);
      break;
    default:
      fprintf(stderr, "see the comment at the top of linkemu.c\n");
      return 2;
    }
  if (!na || !nb) {
    fprintf(stderr, "-a and -b are needed\n");
    return 2;
  }
  for (int i = 0; i < 2; i++) {
    dir *d = &D[i];
    if (d->qlim <= 0)
      d->qlim = fmax(65536, d->rate / 8 * .05);
    d->ring = malloc(sizeof(ent) * NSLOT);
    d->heap = malloc(sizeof(ent) * NSLOT);
  }
  mem = malloc((size_t)SLOT * NSLOT);
  freel = malloc(4 * NSLOT);
  for (nfree = 0; nfree < NSLOT; nfree++)
    freel[nfree] = NSLOT - 1 - nfree;
  char A[16], B[16];
  snprintf(A, 16, "lkA%d", idx);
  snprintf(B, 16, "lkB%d", idx);
  int fd[2] = {mktun(na, A, ca, mtu), mktun(nb, B, cb, mtu)};
  signal(SIGINT, onsig);
  signal(SIGTERM, onsig);
  prctl(PR_SET_TIMERSLACK, 1000);
  fprintf(stderr, "linkemu up: %s/%s %s <-> %s/%s %s rate=%.0f delay=%.1fms loss=%.3f%% q=%.0fB\n",
          na, A, ca, nb, B, cb, D[0].rate, D[0].delay, D[0].loss * 100, D[0].qlim);
  int64_t lastp = now();
  while (!stop) {
    int64_t t = now(), n0 = nextt(&D[0]), n1 = nextt(&D[1]), nx = n0 < n1 ? n0 : n1;
    struct timespec ts, *tp = NULL;
    if (nx != INT64_MAX || every > 0) {
      int64_t w = nx == INT64_MAX ? 1000000000ll : nx - t;
      if (w < 0)
        w = 0;
      if (every > 0 && w > 200000000ll)
        w = 200000000ll;
      ts.tv_sec = w / 1000000000;
      ts.tv_nsec = w % 1000000000;
      tp = &ts;
    }
    struct pollfd p[2] = {{fd[0], POLLIN, 0}, {fd[1], POLLIN, 0}};
    ppoll(p, 2, tp, NULL);
    t = now();
    for (int i = 0; i < 2; i++)
      if (p[i].revents & POLLIN)
        for (int k = 0; k < 128; k++) {
          if (!nfree) {
            uint8_t junk[SLOT];
            if (read(fd[i], junk, SLOT) <= 0)
              break;
            D[i].dropPool++;
            continue;
          }
          uint32_t s = freel[nfree - 1];
          ssize_t r = read(fd[i], mem + (size_t)s * SLOT, SLOT);
          if (r <= 0)
            break;
          nfree--;
          ingress(&D[i], t, s, (int)r);
        }
    t = now();
    deliver(&D[0], t, fd[1]);
    deliver(&D[1], t, fd[0]);
    if (every > 0 && t - lastp > every * 1e9) {
      pr("a->b", &D[0]);
      pr("b->a", &D[1]);
      lastp = t;
    }
  }
  pr("a->b", &D[0]);
  pr("b->a", &D[1]);
  return 0;
}
