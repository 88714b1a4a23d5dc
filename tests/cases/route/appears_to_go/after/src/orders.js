const { Router } = require("express");
const router = Router();

router.get("/api/orders/:orderId", show);
router.delete("/api/orders/:orderId", cancel);
router.get("/api/orders/:orderId/refunds", refunds);

module.exports = router;
