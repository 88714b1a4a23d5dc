export function c() {
  return "a rather long line of c";
}
