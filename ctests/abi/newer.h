/* The functions that came after Ceph 16.2.15, with the types that 20.2.4 gives them. */
int rados_aio_stat2(rados_ioctx_t io, const char *o, rados_completion_t completion, uint64_t
    *psize, struct timespec *pmtime);
int rados_aio_write_op_operate2(rados_write_op_t write_op, rados_ioctx_t io, rados_completion_t
    completion, const char *oid, struct timespec *mtime, int flags);
void rados_read_op_stat2(rados_read_op_t read_op, uint64_t *psize, struct timespec *pmtime, int
    *prval);
int rados_stat2(rados_ioctx_t io, const char *o, uint64_t *psize, struct timespec *pmtime);
ssize_t rbd_aio_compare_and_writev(rbd_image_t image, uint64_t off, const struct iovec *cmp_iov,
    int cmp_iovcnt, const struct iovec *iov, int iovcnt, rbd_completion_t c, uint64_t
    *mismatch_off, int op_flags);
int rbd_aio_write_with_crc32c(rbd_image_t image, uint64_t off, size_t len, const char *buf,
    uint32_t precomputed_crc32c, rbd_completion_t c, int op_flags);
int rbd_clone4(rados_ioctx_t p_ioctx, const char *p_name, uint64_t p_snap_id, rados_ioctx_t
    c_ioctx, const char *c_name, rbd_image_options_t c_opts);
int rbd_diff_iterate3(rbd_image_t image, uint64_t from_snap_id, uint64_t ofs, uint64_t len,
    uint32_t flags, int (*cb)(uint64_t, size_t, int, void *), void *arg);
int rbd_encryption_load2(rbd_image_t image, const rbd_encryption_spec_t *specs, size_t
    spec_count);
int rbd_group_get_id(rados_ioctx_t p, const char *group_name, char *group_id, size_t *size);
int rbd_group_snap_get_info(rados_ioctx_t group_p, const char *group_name, const char *snap_name,
    rbd_group_snap_info2_t *group_snap);
void rbd_group_snap_get_info_cleanup(rbd_group_snap_info2_t *group_snap);
int rbd_group_snap_list2(rados_ioctx_t group_p, const char *group_name, rbd_group_snap_info2_t
    *snaps, size_t *num_entries);
void rbd_group_snap_list2_cleanup(rbd_group_snap_info2_t *snaps, size_t num_entries);
int rbd_mirror_remote_namespace_get(rados_ioctx_t io_ctx, char *remote_namespace, size_t
    *max_len);
int rbd_mirror_remote_namespace_set(rados_ioctx_t io_ctx, const char *remote_namespace);
int rbd_snap_get_trash_namespace2(rbd_image_t image, uint64_t snap_id, rbd_snap_trash_namespace_t
    *trash_snap, size_t trash_snap_size);
int rbd_snap_trash_namespace_cleanup(rbd_snap_trash_namespace_t *trash_snap, size_t
    trash_snap_size);
