"""Words and looks: Jinja2, gettext and Babel, and premailer for mail."""
