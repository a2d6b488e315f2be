// SPDX-License-Identifier: MIT
#include "node/fanotify.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace acefs::node {
namespace {

/// What the daemon itself depends on, and what the kernel does that keeps attributes and the absence of names.
constexpr std::uint64_t kSelf = FAN_ATTRIB | FAN_MOVE_SELF | FAN_DELETE_SELF;
constexpr std::uint64_t kWatched = kSelf | FAN_ONDIR;
constexpr std::uint64_t kNames = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO;
constexpr std::uint64_t kWatchedForKernel = kWatched | kNames | FAN_MODIFY;
constexpr std::size_t kBufferSize = 64 * 1024;
/// The keeper lets this many milliseconds pass between two looks at a busy queue: it must not overflow while nobody asks (16,384
/// events), and should not wake up for each of them.
constexpr int kPause = 20;

template <typename Number>
Number number_at(const unsigned char* bytes) {
  Number n{};
  std::memcpy(&n, bytes, sizeof n);
  return n;
}

// What the filesystems put into file handles. NFS clients keep handles over reboots and kernels, so these never change.
constexpr int kInoGen = 1;          // FILEID_INO32_GEN
constexpr int kXfsIno64Gen = 0x81;  // the same with XFS_FILEID_TYPE_64FLAG
constexpr int kBtrfs = 0x4d;        // FILEID_BTRFS_WITHOUT_PARENT

bool read_ext(int type, const unsigned char* handle, std::size_t size, ino_t& ino) {
  if (type != kInoGen || size < 8) return false;
  ino = number_at<std::uint32_t>(handle);
  return true;
}

bool read_xfs(int type, const unsigned char* handle, std::size_t size, ino_t& ino) {
  if (type == kXfsIno64Gen && size >= 12) {
    ino = number_at<std::uint64_t>(handle);
    return true;
  }
  return read_ext(type, handle, size, ino);
}

bool read_btrfs(int type, const unsigned char* handle, std::size_t size, ino_t& ino) {
  if (type != kBtrfs || size < 20) return false;
  ino = number_at<std::uint64_t>(handle);
  return true;
}

bool read_tmpfs(int type, const unsigned char* handle, std::size_t size, ino_t& ino) {
  if (type != kInoGen || size < 12) return false;
  ino = number_at<std::uint32_t>(handle + 4) | static_cast<std::uint64_t>(number_at<std::uint32_t>(handle + 8)) << 32;
  return true;
}

FanotifyCoherence::HandleReader reader_for(int root) {
  struct statfs fs {};
  if (::fstatfs(root, &fs) < 0) return nullptr;
  switch (static_cast<unsigned long>(fs.f_type)) {
    case EXT4_SUPER_MAGIC:
      return read_ext;
    case XFS_SUPER_MAGIC:
      return read_xfs;
    case BTRFS_SUPER_MAGIC:
      return read_btrfs;
    case TMPFS_MAGIC:
      return read_tmpfs;
    default:
      return nullptr;
  }
}

/// The root's own handle is read as a check of what is believed of the filesystem.
bool reads_root(int root, FanotifyCoherence::HandleReader reader) {
  alignas(struct file_handle) unsigned char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ] = {};
  auto* handle = reinterpret_cast<struct file_handle*>(bytes);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount_id = 0;
  struct stat st {};
  if (::name_to_handle_at(root, "", handle, &mount_id, AT_EMPTY_PATH) < 0 || ::fstat(root, &st) < 0) return false;
  ino_t ino = 0;
  return reader(handle->handle_type, handle->f_handle, handle->handle_bytes, ino) && ino == st.st_ino;
}

}  // namespace

Result<std::unique_ptr<FanotifyCoherence>> FanotifyCoherence::make(int root, dev_t dev, Table& table, BehindEvents* behind) {
  const HandleReader reader = reader_for(root);
  if (reader == nullptr || !reads_root(root, reader)) return Status::from(ENOTSUP);
  // Each side file has a mark, and whoever may make directories may have many of them.
  constexpr unsigned kFlags = FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC | FAN_NONBLOCK;
  UniqueFd group(::fanotify_init(kFlags | FAN_UNLIMITED_MARKS, O_RDONLY));
  if (!group) return Status::last();
  if (::fanotify_mark(group.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, behind ? kWatchedForKernel : kWatched, root, ".") < 0) return Status::last();
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return Status::last();
  return std::unique_ptr<FanotifyCoherence>(new FanotifyCoherence(std::move(group), std::move(stop), dev, table, behind, reader));
}

FanotifyCoherence::FanotifyCoherence(UniqueFd group, UniqueFd stop, dev_t dev, Table& table, BehindEvents* behind, HandleReader reader)
    : group_(std::move(group)), stop_(std::move(stop)), dev_(dev), table_(table), behind_(behind), read_handle_(reader), buffer_(kBufferSize),
      keeper_([this] { keep_short(); }) {
  hear();  // from 1 on it can be told whether anything was
}

FanotifyCoherence::~FanotifyCoherence() {
  const std::uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  keeper_.join();
}

Proof FanotifyCoherence::prove() {
  if (failed_.load(std::memory_order_relaxed)) return {};
  int queued = 0;
  if (::ioctl(group_.get(), FIONREAD, &queued) < 0) {
    fail(errno);
    return {};
  }
  // In this order: whoever took the events out of the queue that was found empty had said so before.
  if (queued != 0 || draining_.load(std::memory_order_seq_cst)) drain();
  if (failed_.load(std::memory_order_relaxed)) return {};
  return proven();
}

void FanotifyCoherence::drain() {
  const std::lock_guard lock(drain_mutex_);
  draining_.store(true, std::memory_order_seq_cst);
  for (;;) {
    const ssize_t n = ::read(group_.get(), buffer_.data(), buffer_.size());
    if (n > 0 && apply(buffer_.data(), static_cast<std::size_t>(n))) continue;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) fail(errno);
    break;
  }
  draining_.store(false, std::memory_order_seq_cst);
}

/// False: more would not fit into the buffer, so the queue is known to be empty.
bool FanotifyCoherence::apply(const char* events, std::size_t size) {
  hear();
  std::size_t at = 0;
  while (at + sizeof(struct fanotify_event_metadata) <= size) {
    struct fanotify_event_metadata event {};  // copied: events are aligned to 4 bytes only
    std::memcpy(&event, events + at, sizeof event);
    if (event.event_len < sizeof event || event.event_len > size - at || event.vers != FANOTIFY_METADATA_VERSION) {
      fail(EPROTO);
      return false;
    }
    apply_one(event, reinterpret_cast<const unsigned char*>(events + at));
    at += event.event_len;
  }
  return size > kBufferSize / 2;
}

void FanotifyCoherence::apply_one(const ::fanotify_event_metadata& event, const unsigned char* bytes) {
  events_.fetch_add(1, std::memory_order_relaxed);
  if ((event.mask & FAN_Q_OVERFLOW) != 0) {
    overflows_.fetch_add(1, std::memory_order_relaxed);
    doubt_all();
    return;
  }
  std::size_t at = event.metadata_len;
  constexpr std::size_t kHandle = offsetof(struct fanotify_event_info_fid, handle);
  constexpr std::size_t kBytes = kHandle + offsetof(struct file_handle, f_handle);
  while (at + kBytes <= event.event_len) {
    const auto header = number_at<struct fanotify_event_info_header>(bytes + at);
    if (header.len == 0 || header.len > event.event_len - at) break;
    if (header.info_type == FAN_EVENT_INFO_TYPE_FID) {
      const auto size = number_at<std::uint32_t>(bytes + at + kHandle);
      const auto type = number_at<std::int32_t>(bytes + at + kHandle + sizeof size);
      ino_t ino = 0;
      if (header.len < kBytes || size > header.len - kBytes || !read_handle_(type, bytes + at + kBytes, size, ino)) break;
      apply_to(ino, event);
      return;
    }
    at += header.len;
  }
  doubt_all();  // of whatever it was
}

void FanotifyCoherence::doubt_all() {
  note_all();
  if (behind_ != nullptr) behind_->all_changed_behind();
}

void FanotifyCoherence::apply_to(ino_t ino, const ::fanotify_event_metadata& event) {
  const bool moved_directory = (event.mask & FAN_MOVE_SELF) != 0 && (event.mask & FAN_ONDIR) != 0;
  table_.find_all(ino, concerned_);
  const bool tells = behind_ != nullptr && event.pid != ::getpid();
  if (tells) tell_behind(event.mask);
  // Names and contents are looked at by every operation that needs them. But for those of side files.
  if ((event.mask & kSelf) != 0) {
    const bool moved_only = (event.mask & kSelf) == FAN_MOVE_SELF;
    for (const NodePtr& node : concerned_) moved_only ? note_moved(*node) : note(*node);
  }
  const bool is_none_of_ours = concerned_.empty();
  concerned_.clear();
  {
    const std::lock_guard lock(side_mutex_);
    // A directory that is no node of ours may be one of those that side files are in.
    const bool any_side_file = moved_directory && is_none_of_ours;
    const auto [begin, end] = any_side_file ? std::pair(side_files_.begin(), side_files_.end()) : side_files_.equal_range(ino);
    for (auto it = begin; it != end; ++it) {
      NodePtr node = table_.find(it->second);
      if (!node) continue;
      if (tells) behind_->changed_behind(node->id, true);
      concerned_.push_back(std::move(node));
    }
  }
  for (const NodePtr& node : concerned_) note(*node);
  concerned_.clear();
}

/// What we changed ourselves the kernel knows, having asked for it.
void FanotifyCoherence::tell_behind(std::uint64_t mask) {
  const bool reach = (mask & (FAN_ATTRIB | FAN_MOVE_SELF)) != 0;
  for (const NodePtr& node : concerned_) behind_->changed_behind(node->id, reach);
  if ((mask & kNames) != 0 && !concerned_.empty()) behind_->names_changed_behind();
}

bool FanotifyCoherence::watch_side_file(int root, const std::string& path, const NodePtr& node) {
  // The file is not only replaced: the mark of the filesystem says nothing of writes, so this one has a mark of its own. It goes
  // with the file.
  const UniqueFd fd(::openat(root, path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) < 0) return true;
  const std::lock_guard lock(side_mutex_);
  const auto [begin, end] = side_files_.equal_range(st.st_ino);
  for (auto it = begin; it != end; ++it) {
    if (it->second == node->id) return false;
  }
  const std::string by_fd = "/proc/self/fd/" + std::to_string(fd.get());
  if (::fanotify_mark(group_.get(), FAN_MARK_ADD, FAN_MODIFY | FAN_ATTRIB, AT_FDCWD, by_fd.c_str()) < 0) fail(errno);
  std::erase_if(side_files_, [this](const auto& entry) { return !table_.find(entry.second); });
  side_files_.emplace(st.st_ino, node->id);
  return true;
}

void FanotifyCoherence::fail(int) {
  failed_.store(true);
  doubt_all();
}

void FanotifyCoherence::keep_short() {
  // What is mounted within the tree hides what was there: no event of the filesystem tells.
  const UniqueFd mounts(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  struct pollfd fds[3] = {{.fd = group_.get(), .events = POLLIN, .revents = 0},
                          {.fd = stop_.get(), .events = POLLIN, .revents = 0},
                          {.fd = mounts.get(), .events = POLLPRI, .revents = 0}};
  while (!failed_.load(std::memory_order_relaxed)) {
    if (::poll(fds, 3, -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    if (fds[0].revents != 0) drain();
    if (fds[2].revents != 0) doubt_all();
    if (::poll(&fds[1], 1, behind_ != nullptr ? 0 : kPause) > 0) return;
  }
}

}  // namespace acefs::node
