export const round = (n: number) => Math.floor(n);
