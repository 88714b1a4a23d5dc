export function a() {
  return "a rather long line of a";
}
