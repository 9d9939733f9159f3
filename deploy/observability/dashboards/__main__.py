"""Writes the JSON of all dashboards beside their definitions."""

from deploy.observability.dashboards.files import FOLDER, json_files, write

if __name__ == "__main__":
    write()
    print(f"{len(json_files())} dashboards are written to {FOLDER}.")
