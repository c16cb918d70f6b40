/** A message on its way from one user to another, and how far it is known to have come. */
interface Entry {
  readonly number: number;
  /** Its sender knows that the server has dealt with it. */
  isAnswered: boolean;
  /** As above, and the server has spoken to the sender in a later turn: all that the turn said to others is out. */
  isOut: boolean;
  isReceived: boolean;
}

/** What one user sent to another over all the lives of a server, and what of it arrived. */
export class Ledger {
  readonly name: string;
  readonly #entries: Entry[] = [];
  readonly faults: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** The number of a message that is about to be sent. */
  next(): Entry {
    const entry = { number: this.#entries.length, isAnswered: false, isOut: false, isReceived: false };
    this.#entries.push(entry);
    return entry;
  }

  /**
   * One session of the recipient received these, in this order. Numbers only grow within a session, and nothing is seen
   * for the first time after what was sent later. `mayRepeat`: what an earlier session had may come again.
   */
  received(numbers: readonly number[], mayRepeat: boolean): void {
    let before = -1;
    for (const number of numbers) {
      const entry = this.#entries[number];
      if (!entry) {
        this.#fault(`message ${number} was never sent`);
        continue;
      }
      if (number <= before) this.#fault(`message ${number} came after message ${before}`);
      before = number;
      if (!entry.isReceived && this.#entries.slice(number).some((later) => later.isReceived)) {
        this.#fault(`message ${number} came after a later one`);
      }
      if (entry.isReceived && !mayRepeat) this.#fault(`message ${number} came twice`);
      entry.isReceived = true;
    }
  }

  /** Everything that must have arrived by now did. `wasThere`: the recipient was connected when the server died. */
  settle(wasThere: boolean): void {
    for (const entry of this.#entries) {
      const isDue = wasThere ? entry.isOut : entry.isAnswered;
      if (isDue && !entry.isReceived) this.#fault(`message ${entry.number} is lost`);
      // What was neither answered nor received by now is nobody's any more.
    }
  }

  get counts(): { readonly sent: number; readonly received: number } {
    return {
      sent: this.#entries.length,
      received: this.#entries.filter(({ isReceived }) => isReceived).length,
    };
  }

  #fault(text: string): void {
    this.faults.push(`${this.name}: ${text}`);
  }
}

/**
 * Changes that one stream asked for one after another. The server dealt with a leading part of them, and that part has
 * every change that was answered.
 */
export class History<State> {
  readonly #states: State[];
  #answered = 0;

  constructor(state: State) {
    this.#states = [state];
  }

  /** As it will be when everything asked for is done. */
  get latest(): State {
    return this.#states.at(-1) as State;
  }

  /** Call the function returned when the change was answered. */
  change(state: State): () => void {
    const index = this.#states.push(state) - 1;
    return () => {
      this.#answered = index;
    };
  }

  /** As it may be after a crash, the oldest first. */
  get possible(): readonly State[] {
    return this.#states.slice(this.#answered);
  }

  /** It turned out to be that. */
  settle(state: State): void {
    this.#states.splice(0, this.#states.length, state);
    this.#answered = 0;
  }
}
