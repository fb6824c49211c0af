"""Lines of HTML kept shorter than mail allows, whatever people wrote."""

_LINE = (
    600  # octets; mail allows 998 (RFC 5322 §2.1.1), and slots are still to be filled
)


def folded(page: str) -> str:
    """Break long lines at spaces, where HTML takes a line break for one.

    A word that is longer than a line stays whole.
    """
    return "\n".join(map(_folded, page.split("\n")))


def _folded(line: str) -> str:
    if len(line) * 4 <= _LINE or len(line.encode()) <= _LINE:
        return line
    lines, octets = [""], 0
    for word in line.split(" "):
        size = len(word.encode()) + 1
        if octets + size > _LINE and octets:
            lines.append(word)
            octets = size
        else:
            lines[-1] += f" {word}" if octets else word
            octets += size
    return "\n".join(lines)
