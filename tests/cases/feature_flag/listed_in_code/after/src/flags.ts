export enum FeatureFlagKeys {
  OLD_CART = 'old-cart',
  NEW_CART = 'new-cart',
}
