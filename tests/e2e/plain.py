"""httpx for pages on loopback: no client reads certificates that it will not need.

Reading those of all authorities is 20 ms of the processor for each client, which is more
than a page is.
"""

import ssl
from functools import partial

import httpx

_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts no authority at all

Client = partial(httpx.Client, verify=_NOBODY)
delete = partial(httpx.delete, verify=_NOBODY)
get = partial(httpx.get, verify=_NOBODY)
head = partial(httpx.head, verify=_NOBODY)
options = partial(httpx.options, verify=_NOBODY)
post = partial(httpx.post, verify=_NOBODY)
put = partial(httpx.put, verify=_NOBODY)
request = partial(httpx.request, verify=_NOBODY)
stream = partial(httpx.stream, verify=_NOBODY)
