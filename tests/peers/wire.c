/*
 * A wire of some length: two network namespaces, a device in each, and every packet between them held back on its way.
 *
 *   wire MILLISECONDS
 *   {"near":"/proc/4711/fd/3","far":"/proc/4711/fd/5"}
 *
 * MILLISECONDS is one way. In the namespace `near` everything is as on any machine. In `far` there is no loopback device: what
 * is sent to 127.0.0.1 goes over the wire and comes to the loopback addresses of `near`. So a server that listens there and
 * nowhere else has the same address and the same certificate near and far. `nsenter --net=/proc/4711/fd/3 PROGRAM` runs a
 * program in one of them. Both are there until the standard input is closed.
 *
 * It delays and does nothing else: no packet is lost or overtaken by another, and as many fit on the wire as TCP puts there.
 * What TCP makes of the distance is Linux's own: setting up, slow start, acknowledgements.
 */
#define _GNU_SOURCE
#include "timing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The device's name, at both ends. */
#define DEVICE "wire"

enum { MTU = 1500, PACKETS_ON_THE_WAY = 4096 };

struct packet {
    double arrival;
    size_t length;
    char bytes[MTU];
};

/* One direction, from one device to the other: a ring of packets, the oldest first. */
struct direction {
    int from, to;
    size_t first, count;
    struct packet packets[PACKETS_ON_THE_WAY];
};

/* Ends where the system does not allow something. */
static void allowed(int success, const char *what)
{
    if (success) return;
    fprintf(stderr, "%s: %s (the wire needs root and /dev/net/tun)\n", what, strerror(errno));
    exit(1);
}

/* Puts `value` into /proc/sys/net/NAME, which is the namespace's. */
static void setting(const char *name, const char *value)
{
    char path[128];
    FILE *file;
    snprintf(path, sizeof path, "/proc/sys/net/%s", name);
    file = fopen(path, "w");
    allowed(file != NULL && fputs(value, file) >= 0 && fclose(file) == 0, path);
}

static struct sockaddr ip(const char *text)
{
    struct sockaddr_in address = {0};
    struct sockaddr any;
    address.sin_family = AF_INET;
    inet_pton(AF_INET, text, &address.sin_addr);
    memcpy(&any, &address, sizeof any);
    return any;
}

static struct ifreq device(const char *name)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    return request;
}

static void bring_up(int control, const char *name)
{
    struct ifreq request = device(name);
    request.ifr_flags = IFF_UP;
    allowed(ioctl(control, SIOCSIFFLAGS, &request) == 0, name);
}

/* Opens the device of this namespace, which has none yet, and gives it its address; gives the handle. */
static int open_device(int control, const char *address)
{
    struct ifreq request = device(DEVICE);
    int handle = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    allowed(handle >= 0, "/dev/net/tun");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    allowed(ioctl(handle, TUNSETIFF, &request) == 0, "TUN device");
    request.ifr_qlen = PACKETS_ON_THE_WAY;
    /* Only the machine's own root may do that. Without it, of more than 500 packets sent at once some may be lost. */
    if (ioctl(control, SIOCSIFTXQLEN, &request) != 0) errno = 0;
    request.ifr_addr = ip(address);
    allowed(ioctl(control, SIOCSIFADDR, &request) == 0, "address of the device");
    request.ifr_netmask = ip("255.255.255.0");
    allowed(ioctl(control, SIOCSIFNETMASK, &request) == 0, "netmask of the device");
    bring_up(control, DEVICE);
    return handle;
}

/* Leads the loopback addresses over the wire. They are local only where a loopback device is up. */
static void lead_loopback_away(int control)
{
    struct rtentry route = {0};
    char name[] = DEVICE;
    route.rt_dst = ip("127.0.0.0");
    route.rt_genmask = ip("255.0.0.0");
    route.rt_dev = name;
    route.rt_flags = RTF_UP;
    allowed(ioctl(control, SIOCADDRT, &route) == 0, "route to 127.0.0.0");
}

/* Goes into a new namespace at this end of the wire. Gives the handle of its device; that of the namespace in `space`. */
static int make_end(int near, const char *address, int *space)
{
    int control, handle;
    allowed(unshare(CLONE_NEWNET) == 0, "network namespace");
    *space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    allowed(*space >= 0 && control >= 0, "network namespace");
    handle = open_device(control, address);
    /* Loopback addresses may come and go by the device, also as a sender's. */
    setting("ipv4/conf/" DEVICE "/route_localnet", "1");
    setting("ipv4/conf/all/rp_filter", "0");
    setting("ipv4/conf/" DEVICE "/rp_filter", "0");
    /* The standard's own, which every Linux has and lets a namespace have: without losses the usual CUBIC grows like it. And
       no connection begins with what another has learnt. */
    setting("ipv4/tcp_congestion_control", "reno");
    setting("ipv4/tcp_no_metrics_save", "1");
    /* Room for all that can be on its way, from the beginning: how soon Linux finds out that it is needed varies from run to run. */
    setting("ipv4/tcp_rmem", "4096 8388608 8388608");
    if (near) {
        bring_up(control, "lo");
    } else {
        lead_loopback_away(control);
    }
    close(control);
    return handle;
}

/* Takes up what was sent; what does not fit on the wire any more is lost, as at a router. */
static void take_up(struct direction *direction, double delay)
{
    char lost[MTU];
    for (;;) {
        int full = direction->count == PACKETS_ON_THE_WAY;
        struct packet *packet = &direction->packets[(direction->first + direction->count) % PACKETS_ON_THE_WAY];
        ssize_t length = read(direction->from, full ? lost : packet->bytes, MTU);
        if (length <= 0) return;
        if (full) continue;
        packet->arrival = now() + delay;
        packet->length = (size_t)length;
        direction->count++;
    }
}

/* Lets out what has arrived. */
static void let_out(struct direction *direction)
{
    while (direction->count > 0) {
        struct packet *packet = &direction->packets[direction->first];
        if (packet->arrival > now()) return;
        /* What the other end does not take is lost. */
        if (write(direction->to, packet->bytes, packet->length) < 0) errno = 0;
        direction->first = (direction->first + 1) % PACKETS_ON_THE_WAY;
        direction->count--;
    }
}

/* The time until the next packet arrives; NULL if none is on its way. */
static struct timespec *until_arrival(const struct direction *directions, struct timespec *time)
{
    double next = -1, wait;
    int i;
    for (i = 0; i < 2; i++) {
        double arrival = directions[i].packets[directions[i].first].arrival;
        if (directions[i].count > 0 && (next < 0 || arrival < next)) next = arrival;
    }
    if (next < 0) return NULL;
    wait = next - now();
    if (wait < 0) wait = 0;
    time->tv_sec = (time_t)wait;
    time->tv_nsec = (long)((wait - (double)time->tv_sec) * 1e9);
    return time;
}

/* Carries packets until the standard input ends. */
static void carry(struct direction *directions, double delay)
{
    char command;
    for (;;) {
        struct pollfd waits[3] = {{STDIN_FILENO, POLLIN, 0}, {directions[0].from, POLLIN, 0}, {directions[1].from, POLLIN, 0}};
        struct timespec time;
        int i;
        ppoll(waits, 3, until_arrival(directions, &time), NULL);
        if (waits[0].revents != 0 && read(STDIN_FILENO, &command, 1) <= 0) return;
        for (i = 0; i < 2; i++) take_up(&directions[i], delay);
        for (i = 0; i < 2; i++) let_out(&directions[i]);
    }
}

int main(int argc, char **argv)
{
    static struct direction directions[2];
    int near, far;
    expect(argc == 2 && atoi(argv[1]) > 0, "wire", "MILLISECONDS");
    directions[0].from = directions[1].to = make_end(1, "198.18.0.1", &near);
    directions[1].from = directions[0].to = make_end(0, "198.18.0.2", &far);
    /* Packets shall not wait for a processor or for a lazy timer; who may not have the first goes without. */
    if (setpriority(PRIO_PROCESS, 0, -20) != 0) errno = 0;
    prctl(PR_SET_TIMERSLACK, 1);
    printf("{\"near\":\"/proc/%d/fd/%d\",\"far\":\"/proc/%d/fd/%d\"}\n", (int)getpid(), near, (int)getpid(), far);
    fflush(stdout);
    carry(directions, atof(argv[1]) / 1000);
    return 0;
}
