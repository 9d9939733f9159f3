"""Writes the generated files of overlays (`python -m deploy.kubernetes [FOLDER ...]`).

Without a folder it writes those of the repository.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path

from deploy.kubernetes.generated_files import common_files, overlay_files, overlay_folders, write
from deploy.kubernetes.overlay import UnreadableOverlay

parser = ArgumentParser(prog="python -m deploy.kubernetes", description=__doc__)
parser.add_argument("folders", nargs="*", type=Path, help="folders that hold a settings.env and a kustomization.yaml")
folders = parser.parse_args().folders
try:
    # All are read before the first is written.
    changes = [overlay_files(folder) for folder in folders or overlay_folders()]
except UnreadableOverlay as fault:
    sys.exit(str(fault))
for files in changes if folders else (*changes, common_files()):
    write(files)
