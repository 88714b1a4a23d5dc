describe('cart', () => {
  it('adds', () => {
    expect(cart.add(1)).toBe(1);
  });

  it('pays', () => {
    expect(cart.pay()).toBe(true);
  });
});
