// The colours of participants, in their order in the dialogue: six of them, then from the first again.

const COLOURS = ["a", "b", "c", "d", "e", "f"] as const;

/** The letter that classes and custom properties of the n-th participant are named by. */
export function letterOf(index: number): string {
  return COLOURS[Math.max(0, index) % COLOURS.length];
}

/** The class that gives an element the colours of the n-th participant. */
export function ownClass(index: number): string {
  return `of-${letterOf(index)}`;
}

/** Who sits where once `name` takes a seat of two: whoever sits there already changes places with who leaves it. */
export function seated(seats: readonly string[], index: number, name: string): string[] {
  const before = seats[index];
  return seats.map((other, i) => (i === index ? name : other === name ? before : other));
}
