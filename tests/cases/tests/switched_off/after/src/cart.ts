export function add(n) {
  return n + 1;
}
