/* Traffic of both ends of the packets scenario: a server that is always ready, and a client that measures. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <arpa/inet.h>

/** What the server does on which port. */
enum port {
  SINK_PORT = 7201,  /* TCP: reads until the other side ends, then ends too */
  GREET_PORT = 7202, /* TCP: sends one byte to each connection, and waits for its end */
  ECHO_PORT = 7203,  /* TCP and UDP: sends back what comes */
  COUNT_PORT = 7204, /* UDP: counts datagrams */
};

/** The first byte of a datagram to COUNT_PORT that is to be answered. */
#define ANSWER_ME 1

/** Ends the program when a system call has failed. */
int must(const char *purpose, int result);

/** Nanoseconds of a clock. */
long now_ns(int clock);

/** An IPv4 address and a port. Ends the program when the text is no address. */
struct sockaddr_in place(const char *address, int port);

/** Answers "BYTES DATAGRAMS" that came, or "CPU_NS" of this process, for each line of input. */
void serve(void);

/** Sends bytes over so many connections for a while, until the server has read them; answers "BYTES NS". */
void stream(const char *address, int connections, long ms);

/** Connects, takes one byte, and ends the connection, again and again; answers "COUNT NS". */
void greet(const char *address, long ms);

/** Sends one byte and waits for it to come back, again and again; answers "COUNT P50_NS P99_NS". */
void ask(const char *address, int type, long ms);

/** Sends datagrams of 64 bytes as fast as they go, after one that is answered if they are `answered`; answers "COUNT NS". */
void flood(const char *address, int answered, long ms);

#endif
