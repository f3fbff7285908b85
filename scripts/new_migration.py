"""Write the next migration from the difference between tables and migrations.

Usage: python scripts/new_migration.py "what it does"
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config

from integritas import migrations
from integritas.migrations.api import migrate
from integritas.platform.db import open_database


def main() -> None:
    """Compare on a fresh SQLite file; the script is for both dialects."""
    folder = Path(migrations.__file__).parent
    number = len(list((folder / "versions").glob("[0-9]*.py"))) + 1
    config = Config()
    config.set_main_option("script_location", str(folder))
    with TemporaryDirectory() as scratch:
        database = open_database(f"sqlite:///{scratch}/scratch.db")
        try:
            if number > 1:
                migrate(database)
            with database.engine.connect() as connection:
                config.attributes["connection"] = connection
                command.revision(
                    config, sys.argv[1], autogenerate=True, rev_id=f"{number:04d}"
                )
        finally:
            database.close()


if __name__ == "__main__":
    main()
