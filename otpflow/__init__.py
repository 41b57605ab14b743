"""OTP verification that cannot be got wrong: voice codes through eSMS, hashed in Redis."""
