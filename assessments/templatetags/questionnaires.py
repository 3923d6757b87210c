"""How questionnaires and what changed in them are written for people."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from assessments.questionnaires.wording import in_words

register = template.Library()
register.filter("in_words", in_words)

# Headings would break a page's outline, and images would ask other sites for them.
_RENDERER = MarkdownIt("commonmark", {"html": False}).disable(["heading", "lheading", "hr", "image"])
_CLEANER = nh3.Cleaner(
    tags={"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"},
    attributes={"*": set(), "a": {"href"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener nofollow",
)


@register.filter
@lru_cache(maxsize=2048)
def markdown(text: str) -> SafeString:
    """Return the HTML of a questionnaire's text in Markdown, which may come from anybody.

    Only paragraphs, emphasis, lists, quotes, code and links are left; HTML is shown as it was typed.
    """
    return mark_safe(_CLEANER.clean(_RENDERER.render(text)))  # noqa: S308 - just cleaned
