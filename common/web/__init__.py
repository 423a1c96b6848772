"""What the programs' pages share: texts in two languages, one look, sign-in, errors as words.

A room puts it on its Flask application with `common.web.pages.install`, and its own templates
extend ``web/base.html``. Nothing is imported here: `common.web.accounts` is read by commands that
never show a page.
"""
