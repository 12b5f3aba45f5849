// What this browser remembers of a page; one that keeps nothing forgets, and that is all.

export function recall(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`nonverbal-${key}`) ?? "null");
  } catch {
    return null;
  }
}

export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(`nonverbal-${key}`, JSON.stringify(value));
  } catch {
    // private windows and full storage: the value holds until the page is left
  }
}
