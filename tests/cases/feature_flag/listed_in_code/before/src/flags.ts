export enum FeatureFlagKeys {
  OLD_CART = 'old-cart',
}
