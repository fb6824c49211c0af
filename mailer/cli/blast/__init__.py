"""`mailer blast`: a message to one audience, from the draft to the report."""

import typer

from mailer.cli.blast import decide, report, write

app = typer.Typer(
    help="A message to one audience: write, check, submit, approve, watch, stop.",
    no_args_is_help=True,
)
app.command("new")(write.new)
app.command("edit")(write.edit)
app.command("check")(write.check)
app.command("preview")(write.preview)
app.command("test")(write.trial)
app.command("submit")(decide.submit)
app.command("approve")(decide.approve)
app.command("stop")(decide.stop)
app.command("pause")(decide.pause)
app.command("resume")(decide.resume)
app.command("cancel")(decide.cancel)
app.command("show")(report.show)
app.command("list")(report.every)
