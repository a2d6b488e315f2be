// SPDX-License-Identifier: MIT
#include "daemon/choose_coherence.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

#include "daemon/exit_codes.hpp"
#include "node/fanotify.hpp"

namespace acefs::daemon {
namespace {

std::string why_not(Status s) {
  switch (s.errno_value()) {
    case ENOTSUP:
      return "the backing filesystem is none of ext4, xfs, btrfs and tmpfs";
    case EPERM:
      return "it needs CAP_SYS_ADMIN";
    case EXDEV:
      return "the backing directory is in a btrfs subvolume";
    default:
      return std::strerror(s.errno_value());
  }
}

}  // namespace

std::unique_ptr<node::Coherence> choose_coherence(const Options& options, int root, dev_t dev, node::Table& table,
                                                  node::BehindEvents& behind) {
  if (!options.fs.checks) {
    spdlog::warn("checks=off: every operation is allowed to everybody; for benchmarks only");
    return std::make_unique<node::ExclusiveCoherence>();
  }
  if (options.coherence == CoherenceSource::Exclusive) return std::make_unique<node::ExclusiveCoherence>();
  const std::string no_public = "cache=public needs coherence=fanotify, which hears of changes behind the mount, or exclusive";
  if (options.coherence == CoherenceSource::Statx && options.fs.public_cache) throw StartError(kUsage, no_public);
  if (options.coherence == CoherenceSource::Statx) return std::make_unique<node::StatxCoherence>();
  auto fanotify = node::FanotifyCoherence::make(root, dev, table, options.fs.public_cache ? &behind : nullptr);
  if (fanotify) return std::move(*fanotify);
  const std::string why = why_not(fanotify.status());
  if (options.coherence == CoherenceSource::Fanotify) throw StartError(kUnavailable, "coherence=fanotify is not possible here: " + why);
  if (options.fs.public_cache) throw StartError(kUnavailable, no_public + "; fanotify is not possible here: " + why);
  spdlog::info("coherence=statx, since fanotify is not possible here: {}", why);
  return std::make_unique<node::StatxCoherence>();
}

}  // namespace acefs::daemon
