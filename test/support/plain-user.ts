/** As what work is done that is to meet permissions, where root runs it, whom none stops: nobody. */
const NOBODY = 65_534;

/** Runs what root would find nothing in as a user to whom nothing belongs, if this is root. */
export async function asPlainUser<T>(work: () => Promise<T>): Promise<T> {
  const groups = process.getgroups?.() ?? [];
  if (process.geteuid?.() !== 0) return await work();
  process.setgroups?.([]);
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}
