import { expect, test } from "vitest";
import { letterOf, ownClass, seated } from "../src/viewer/people";

test("everybody has a colour, whoever is not known that of the first", () => {
  expect([0, 1, 5, 6, -1].map(letterOf)).toEqual(["a", "b", "f", "a", "a"]);
  expect(ownClass(2)).toBe("of-c");
});

test("who takes a seat leaves none twice", () => {
  expect(seated(["A", "B"], 1, "C")).toEqual(["A", "C"]);
  expect(seated(["A", "B"], 0, "B")).toEqual(["B", "A"]);
  expect(seated(["A", "B"], 0, "A")).toEqual(["A", "B"]);
});
