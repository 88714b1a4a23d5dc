const { Router } = require("express");
const router = Router();

router.get("/api/orders/:id", show);
router.post("/api/orders/:id/cancel", cancel);

module.exports = router;
