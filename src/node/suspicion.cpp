// SPDX-License-Identifier: MIT
#include "node/suspicion.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "node/names.hpp"

namespace acefs::node {
namespace {

using Clock = std::chrono::steady_clock;

/// Longer than it takes from the end of a path to the request that asks for it, on a loaded machine.
constexpr std::chrono::milliseconds kOnTheWay{20};
/// So many threads are remembered: one that is forgotten has to look again once more.
constexpr std::size_t kMostLed = 256;
/// And so many lost names.
constexpr std::size_t kMostLost = 64;

/// How somebody came here lately.
struct Led {
  pid_t thread = 0;
  LinkPtr by;
  std::string system_call;
  std::vector<std::pair<const char*, std::uint64_t>> asked;  ///< opcodes and the requests for them, since the look-up
};

struct Suspected final : ExtraOf<ExtraKind::Suspected> {
  std::uint64_t ticket = 0;   ///< 0: the kernel has dropped the name
  Clock::time_point until{};  ///< then
  std::vector<Led> led;
  std::vector<LinkPtr> lost;
  bool is_from_anywhere = false;

  std::vector<Led>::iterator find(pid_t thread) {
    return std::find_if(led.begin(), led.end(), [thread](const Led& one) { return one.thread == thread; });
  }
};

}  // namespace

void suspect(Node& node, const LinkPtr& lost, std::uint64_t ticket) {
  const std::lock_guard lock(node.mutex);
  auto& suspected = node.extras.get<Suspected>();
  suspected.ticket = std::max(suspected.ticket, ticket);
  if (suspected.lost.size() < kMostLost) suspected.lost.push_back(lost);
  else suspected.is_from_anywhere = true;
  node.suspected = true;
}

void suspect_ways(Node& node) {
  const std::lock_guard lock(node.mutex);
  auto& suspected = node.extras.get<Suspected>();
  if (suspected.ticket == 0) suspected.until = Clock::now() + kOnTheWay;
  suspected.is_from_anywhere = true;
  node.suspected = true;
}

std::vector<NodePtr> origins(Node& node) {
  std::vector<NodePtr> directories;
  for (const LinkPtr& link : links_of(node)) {
    if (link) directories.push_back(link->parent);
  }
  {
    const std::lock_guard lock(node.mutex);
    const auto* suspected = node.extras.find<Suspected>();
    if (suspected == nullptr || suspected->is_from_anywhere) return {};
    for (const LinkPtr& link : suspected->lost) directories.push_back(link->parent);
  }
  std::sort(directories.begin(), directories.end(), [](const NodePtr& a, const NodePtr& b) { return a->id < b->id; });
  directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
  return directories;
}

Suspicion suspicion_of(Node& node) {
  std::unique_ptr<Suspected> over;
  const std::lock_guard lock(node.mutex);
  const auto* suspected = node.suspected ? node.extras.find<Suspected>() : nullptr;
  if (suspected == nullptr) return {};
  if (suspected->ticket != 0 || Clock::now() < suspected->until) return {true, suspected->ticket};
  node.suspected = false;
  over = node.extras.take<Suspected>();
  return {};
}

void dropped(Node& node, std::uint64_t ticket, Clock::time_point at) {
  const std::lock_guard lock(node.mutex);
  auto* suspected = node.extras.find<Suspected>();
  if (suspected == nullptr || suspected->ticket == 0 || suspected->ticket > ticket) return;
  suspected->ticket = 0;
  suspected->until = at + kOnTheWay;
}

void looked_up(Node& node, pid_t thread, const LinkPtr& link, const std::string& system_call) {
  Led now{.thread = thread, .by = link, .system_call = system_call, .asked = {}};  // what it replaces may be the last to hold a parent
  const std::lock_guard lock(node.mutex);
  auto* suspected = node.extras.find<Suspected>();
  if (suspected == nullptr || thread == 0 || system_call.empty()) return;
  if (const auto before = suspected->find(thread); before != suspected->led.end()) {
    std::swap(*before, now);
  } else if (suspected->led.size() < kMostLed) {
    suspected->led.push_back(std::move(now));
  } else {
    std::rotate(suspected->led.begin(), suspected->led.begin() + 1, suspected->led.end());
    std::swap(suspected->led.back(), now);
  }
}

bool came_by_lookup(Node& node, pid_t thread, const std::string& system_call, const char* opcode, std::uint64_t number) {
  LinkPtr by;
  {
    const std::lock_guard lock(node.mutex);
    auto* suspected = node.extras.find<Suspected>();
    if (suspected == nullptr || system_call.empty()) return false;
    const auto led = suspected->find(thread);
    if (led == suspected->led.end() || led->system_call != system_call) return false;
    const auto asked = std::find_if(led->asked.begin(), led->asked.end(), [opcode](const auto& one) { return one.first == opcode; });
    if (asked == led->asked.end()) {
      led->asked.emplace_back(opcode, number);
    } else if (asked->second != number) {
      return false;
    }
    by = led->by;
  }
  return has_link(node, *by->parent, by->name());
}

}  // namespace acefs::node
