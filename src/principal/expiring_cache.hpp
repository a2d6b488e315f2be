// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace acefs::principal {

/// Nanoseconds on a clock that only goes forward.
using Moment = std::int64_t;

/// A value, and until when it may be used.
template <typename Value>
struct Dated {
  Value value;
  Moment until = 0;
};

/// At most `capacity` values, the oldest going first. No lock of its own; find() may run in several threads at once.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class ExpiringCache {
 public:
  explicit ExpiringCache(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

  /// nullptr when there is none, or its time is over.
  const Dated<Value>* find(const Key& key, Moment now) const {
    const auto found = entries_.find(key);
    return found != entries_.end() && now < found->second.dated.until ? &found->second.dated : nullptr;
  }

  void put(const Key& key, Dated<Value> dated) {
    drop(entries_.find(key));
    if (entries_.size() >= capacity_) drop(entries_.find(by_age_.front()));
    const auto age = by_age_.insert(by_age_.end(), key);
    entries_.emplace(key, Entry{std::move(dated), age});
  }

  void clear() {
    entries_.clear();
    by_age_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Dated<Value> dated;
    typename std::list<Key>::iterator age;
  };
  using Entries = std::unordered_map<Key, Entry, Hash>;

  void drop(typename Entries::iterator entry) {
    if (entry == entries_.end()) return;
    by_age_.erase(entry->second.age);
    entries_.erase(entry);
  }

  std::size_t capacity_;
  Entries entries_;
  std::list<Key> by_age_;  ///< oldest first
};

}  // namespace acefs::principal
