describe('cart', () => {
  it('adds', () => {
    expect(cart.add(1)).toBe(1);
  });
});
