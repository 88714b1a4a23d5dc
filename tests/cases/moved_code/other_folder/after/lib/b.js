export function b() {
  return "a rather long line of b";
}
