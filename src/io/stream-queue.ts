/**
 * What a connection keeps of what its peer does not read. The transport keeps no more than two
 * bandwidth-delay products on their way (BBR), most of which the kernel takes: 8 full batches here
 * are a peer that does not read.
 */
export const MAX_QUEUED_BYTES: number = 512 << 10;
