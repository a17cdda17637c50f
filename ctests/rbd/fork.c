/* A child has its parent's memory and sockets, but not its images: what it does with them is nothing to the parent. */
#include "images.h"

#include <signal.h>
#include <sys/wait.h>

#define POOL "c-rbd-fork"

/* The image works, and the lock is still this process's. */
static void works(rbd_image_t image, const char *written)
{
	char buffer[8] = "";
	int owner = 0;

	CALL(rbd_write(image, 0, 4, written));
	CALL(rbd_flush(image));
	CALL(rbd_read(image, 0, 4, buffer));
	SHOW_TEXT(buffer);
	CALL(rbd_is_exclusive_lock_owner(image, &owner));
	SHOW(owner);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);
	rbd_image_t image;
	uint64_t size;
	int status = -1;
	pid_t child;

	make_image(io, "image", 4 * MIB, 22);
	image = open_image(io, "image");
	works(image, "mine");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(3);
		/* As the destructors of a program do. */
		_exit(rbd_close(image) == -EINVAL ? 0 : 1);
	}
	MUST(waitpid(child, &status, 0));
	printf("rbd_close in a child: %s\n", !WIFEXITED(status) ? "hung" : WEXITSTATUS(status) ? "done" : "refused");
	works(image, "kept");
	CALL(rbd_get_size(image, &size));
	SHOW(size);
	CALL(rbd_close(image));
	finish(cluster, io, POOL);
	return 0;
}
