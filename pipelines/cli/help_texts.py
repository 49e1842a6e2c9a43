"""The texts of the help that typer writes itself, in the language of the help.

Not here: the help of commands and options (assets/core/labels.yml).
"""

from __future__ import annotations

from typing import Any

from assets.core.i18n import label
from pipelines.cli.options import HELP_LANGUAGE

_COMPLETION = ("install_completion", "show_completion")


class HelpInLanguage:
    """Replaces the usage line and the help of the options that typer adds to a command."""

    def get_help_option(self, context: Any) -> Any:
        option = super().get_help_option(context)  # type: ignore[misc]
        if option is not None:
            option.help = label("options", "help", HELP_LANGUAGE)
        return option

    def get_params(self, context: Any) -> Any:
        parameters = super().get_params(context)  # type: ignore[misc]
        for parameter in parameters:
            if parameter.name in _COMPLETION:
                parameter.help = label("options", parameter.name, HELP_LANGUAGE)
        return parameters

    def format_usage(self, context: Any, formatter: Any) -> None:
        pieces = self.collect_usage_pieces(context)  # type: ignore[attr-defined]
        formatter.write_usage(
            context.command_path, " ".join(pieces), prefix=label("help_titles", "usage", HELP_LANGUAGE)
        )


def translate_panels() -> None:
    """Set the Chinese titles of the help; its layout takes long to import, so other calls do without."""
    from typer import rich_utils

    for name in ("arguments", "options", "commands"):
        setattr(rich_utils, f"{name.upper()}_PANEL_TITLE", label("help_titles", name, "zh"))
    rich_utils.DEFAULT_STRING, rich_utils.REQUIRED_LONG_STRING = "[默认：{}]", "[必填]"
