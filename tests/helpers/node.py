"""Where the TypeScript SDK may be: it is no dependency of ours."""

import os
from pathlib import Path

NODE_MODULES = [Path(path) for path in os.environ.get("NODE_PATH", "").split(os.pathsep) if path]
