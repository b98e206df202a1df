/** Lets many do one thing side by side, and somebody do another thing alone. */
export class Gate {
  #inside = 0;
  #isTaken = false;
  #waiting: (() => void)[] = [];

  /** Side by side with others that are let in this way. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#isTaken) await this.#change();
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      this.#wake();
    }
  }

  /** When nobody else is inside; who comes meanwhile waits. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#isTaken) await this.#change();
    this.#isTaken = true;
    try {
      while (this.#inside > 0) await this.#change();
      return await work();
    } finally {
      this.#isTaken = false;
      this.#wake();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
