#include "server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "endpoint.h"
#include "netlink.h"

#define SERVED 0x80000000u /* keeps the names of links apart from those of the floor's own cycles */
#define ID_BITS 20 /* of an endpoint's random id: a place in the table */
#define BUFFER 65536

static atomic_uint leased;
static unsigned addresses[1 << ID_BITS];
static void (*tell_scheduled)(void);

/** The text after `"name":"` in a JSON object. The client is our own, so nothing is checked. */
static const char *field(const char *body, const char *name) {
  char key[40];
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char *found = strstr(body, key);
  return found == NULL ? "" : found + strlen(key);
}

static unsigned place_of(const char *body) {
  char digits[ID_BITS / 4 + 1] = {0};
  memcpy(digits, field(body, "EndpointID"), ID_BITS / 4);
  return strtoul(digits, NULL, 16);
}

/** The number from which name_endpoint() makes this address. */
static unsigned number_of(const char *address) {
  unsigned high = 0, low = 0;
  sscanf(address, "10.254.%u.%u", &high, &low);
  return SERVED | high << 8 | low;
}

static int request_address(int fd, char *reply, size_t size) {
  struct endpoint endpoint = name_endpoint(SERVED | (leased++ & 0x7fff));
  find_route(fd, &endpoint);
  const unsigned char *address = endpoint.address;
  return snprintf(reply, size, "{\"Address\":\"10.254.%u.%u/12\",\"Data\":{}}", address[2], address[3]);
}

static int create_endpoint(const char *body, char *reply, size_t size) {
  unsigned number = number_of(field(body, "Address"));
  struct endpoint endpoint = name_endpoint(number);
  const unsigned char *mac = endpoint.mac;
  addresses[place_of(body)] = number;
  return snprintf(reply, size, "{\"Interface\":{\"MacAddress\":\"%02x:%02x:%02x:%02x:%02x:%02x\"}}", mac[0], mac[1],
                  mac[2], mac[3], mac[4], mac[5]);
}

static int join(int fd, const char *body, char *reply, size_t size) {
  struct endpoint endpoint = name_endpoint(addresses[place_of(body)]);
  int index = create_pair(fd, &endpoint);
  set_up(fd, &endpoint, index);
  add_route(fd, &endpoint, index);
  add_neighbour(fd, &endpoint, index);
  return snprintf(reply, size,
                  "{\"InterfaceName\":{\"SrcName\":\"%s\",\"DstPrefix\":\"eth\"},\"Gateway\":\"10.16.0.1\","
                  "\"StaticRoutes\":[],\"DisableGatewayService\":true}",
                  endpoint.container);
}

static void leave(int fd, const char *body) {
  struct endpoint endpoint = name_endpoint(addresses[place_of(body)]);
  delete_route(fd, &endpoint);
  schedule_delete(fd, &endpoint);
  tell_scheduled();
}

static int answer(int fd, const char *method, const char *body, char *reply, size_t size) {
  if (strncmp(method, "IpamDriver.RequestAddress", 25) == 0) return request_address(fd, reply, size);
  if (strncmp(method, "NetworkDriver.CreateEndpoint", 28) == 0) return create_endpoint(body, reply, size);
  if (strncmp(method, "NetworkDriver.Join", 18) == 0) return join(fd, body, reply, size);
  if (strncmp(method, "NetworkDriver.Leave", 19) == 0) leave(fd, body);
  return snprintf(reply, size, "{}");
}

/** Reads one request to its end; returns where its body begins, or NULL when the connection has ended. */
static char *read_request(int connection, char *buffer) {
  size_t length = 0;
  for (;;) {
    ssize_t got = read(connection, buffer + length, BUFFER - 1 - length);
    if (got <= 0) return NULL;
    length += got;
    buffer[length] = 0;
    char *body = strstr(buffer, "\r\n\r\n");
    if (body == NULL) continue;
    body += 4;
    const char *size = strcasestr(buffer, "\r\nContent-Length:");
    if (size == NULL || buffer + length - body >= atol(size + 17)) return body;
  }
}

static void *converse(void *argument) {
  int connection = (int)(long)argument, fd = open_socket();
  char *buffer = malloc(BUFFER), *body, reply[1024], message[2048];
  while ((body = read_request(connection, buffer)) != NULL) {
    int length = answer(fd, buffer + strlen("POST /"), body, reply, sizeof reply);
    int total = snprintf(message, sizeof message,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.plugins.v1.1+json\r\n"
                         "Content-Length: %d\r\n\r\n%s",
                         length, reply);
    if (write(connection, message, total) != total) break;
  }
  free(buffer);
  close(fd);
  close(connection);
  return NULL;
}

static void *accept_all(void *argument) {
  for (;;) {
    pthread_t thread;
    int connection = accept((int)(long)argument, NULL, NULL);
    must("accept", connection < 0 ? -errno : 0);
    pthread_create(&thread, NULL, converse, (void *)(long)connection);
    pthread_detach(thread);
  }
  return argument;
}

void serve(const char *path, void (*on_scheduled)(void)) {
  pthread_t thread;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  tell_scheduled = on_scheduled;
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must("bind", bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0);
  must("listen", listen(listener, 128) < 0 ? -errno : 0);
  pthread_create(&thread, NULL, accept_all, (void *)(long)listener);
  pthread_detach(thread);
}
