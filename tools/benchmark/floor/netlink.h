/* Just enough rtnetlink to do what the plugin does, with nothing in between. */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/rtnetlink.h>
#include <stddef.h>

/** A message under construction. */
struct request {
  struct nlmsghdr header;
  char body[1024];
};

/** Opens an rtnetlink socket with the options that the plugin uses. */
int open_socket(void);

/** Starts a message with the family header `head`. */
void begin(struct request *request, int type, int flags, const void *head, size_t length);

/** Appends an attribute; with no data, the start of a nest. */
struct rtattr *put(struct request *request, int type, const void *data, size_t length);
void put_u32(struct request *request, int type, unsigned value);
void put_text(struct request *request, int type, const char *text);
void end_nest(struct request *request, struct rtattr *nest);

/** Sends and waits for the acknowledgement. Returns the index of an echoed link, 0 for none, or a negative errno. */
int exchange(int fd, struct request *request);

/** Ends the program if `result` is a negative errno. */
int must(const char *purpose, int result);

#endif
