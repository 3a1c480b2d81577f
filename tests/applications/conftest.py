"""The applications are projects of their own: `test_applications.py` runs their tests."""

collect_ignore = ["bot", "worker_service"]
