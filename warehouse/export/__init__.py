"""Training rows for other people's trainers: layouts, card, what loaders read, a folder that is whole or not there."""

from warehouse.export.folder import forget_exports
from warehouse.export.writing import ExportSettings, export

__all__ = ["ExportSettings", "export", "forget_exports"]
