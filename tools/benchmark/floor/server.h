/* Docker's calls over HTTP/1.1 on a unix socket, with the kernel work of endpoint.c behind them and nothing else. */
#ifndef SERVER_H
#define SERVER_H

/** Listens at the path; each connection has a thread. `on_scheduled` is called when a link waits for its deletion. */
void serve(const char *path, void (*on_scheduled)(void));

#endif
