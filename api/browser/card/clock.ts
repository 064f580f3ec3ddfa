// Tells a device the time from the server's signature, because a scanner's own clock cannot be trusted (card/clock.py).

export type ClockState = "signed" | "unconfirmed" | "unknown";

/** What time it is, in milliseconds since 1970, and how far that can be relied on. */
export interface Reading {
  readonly at: number;
  readonly state: ClockState;
}

/** A signed time with what the monotonic clock of that boot said then; a value that IndexedDB can keep. */
export interface Anchor {
  readonly at: number;
  readonly elapsed: number;
  readonly boot: string;
  readonly difference: number | null;
}

export const WARN_DIFFERENCE_MS = 5_000;
const MAX_ROUND_TRIP_MS = 4_000;
// A page's monotonic clock may stand still while the phone sleeps; the wall clock running ahead of it shows that.
const SLEPT_MS = 2_000;

/** The server's answer took so long that its time says too little. */
export class RoundTripTooLong extends Error {}

/** What the browser knows of time: a wall clock that anybody can set, and one that only runs. */
export interface Timepieces {
  wall(): number;
  elapsed(): number;
}

const OF_THE_PAGE: Timepieces = {
  wall: () => Date.now(),
  elapsed: () => performance.now(),
};

/** Signed time at contact, monotonic in between, never behind the newest bundle; after a sleep as after a boot. */
export class DeviceClock {
  anchor: Anchor | null;
  private readonly timepieces: Timepieces;
  private boot: string = crypto.randomUUID();
  private ahead: number;
  private sleptAt = -1;
  // The instant known to have passed, and since when (monotonic) it is known.
  private floor: readonly [at: number, since: number];

  constructor(anchor: Anchor | null, timepieces: Timepieces = OF_THE_PAGE) {
    this.anchor = anchor;
    this.timepieces = timepieces;
    this.ahead = timepieces.wall() - timepieces.elapsed();
    this.floor = [anchor?.at ?? 0, timepieces.elapsed()];
  }

  get warning(): boolean {
    const difference = this.anchor?.difference ?? null;
    return difference !== null && Math.abs(difference) >= WARN_DIFFERENCE_MS;
  }

  elapsed(): number {
    return this.timepieces.elapsed();
  }

  atLeast(at: number): void {
    if (at > this.known()) this.floor = [at, this.timepieces.elapsed()];
  }

  read(): Reading {
    this.noticeSleep();
    const known = this.known();
    if (this.anchor !== null && this.anchor.boot === this.boot) {
      const counted = this.anchor.at + (this.timepieces.elapsed() - this.anchor.elapsed);
      return { at: Math.floor(Math.max(counted, known)), state: "signed" };
    }
    const wall = this.timepieces.wall();
    if (wall < known || this.floor[0] === 0) return { at: Math.floor(Math.max(known, wall)), state: "unknown" };
    return { at: wall, state: "unconfirmed" };
  }

  /** Take the server's signed time; `asked` is what `elapsed` said before the question was sent. */
  set(signed: number, asked: number): Anchor {
    const before = this.read();
    const now = this.timepieces.elapsed();
    if (now - asked > MAX_ROUND_TRIP_MS || this.sleptAt >= asked) throw new RoundTripTooLong();
    const at = signed + (now - asked) / 2;
    const difference = before.state === "unknown" ? null : before.at - at;
    this.anchor = { at, elapsed: now, boot: this.boot, difference };
    return this.anchor;
  }

  private known(): number {
    const [at, since] = this.floor;
    return at + (this.timepieces.elapsed() - since);
  }

  private noticeSleep(): void {
    const elapsed = this.timepieces.elapsed();
    const ahead = this.timepieces.wall() - elapsed;
    if (Math.abs(ahead - this.ahead) > SLEPT_MS) {
      this.boot = crypto.randomUUID();
      this.sleptAt = elapsed;
    }
    this.ahead = ahead;
  }
}
