/* The kernel work of one endpoint, message by message as the plugin sends it. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

struct endpoint {
  char host[16];
  char container[16];
  char alias[80];
  unsigned char address[4];
  unsigned char mac[6];
};

/** Distinct names and addresses for each number. */
struct endpoint name_endpoint(unsigned number);

int create_pair(int fd, const struct endpoint *endpoint);
void set_up(int fd, const struct endpoint *endpoint, int index);
void add_route(int fd, const struct endpoint *endpoint, int index);
void add_neighbour(int fd, const struct endpoint *endpoint, int index);
/** Looks up who has the address, which is usually nobody: the plugin does before it leases one. */
void find_route(int fd, const struct endpoint *endpoint);
void delete_route(int fd, const struct endpoint *endpoint);
/** Sets the link down and moves it to the group that delete_scheduled() deletes. */
void schedule_delete(int fd, const struct endpoint *endpoint);
/** Deletes every such link; there need not be one. */
void delete_scheduled(int fd);

#endif
