// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace acefs::node {

/// What few nodes have. Each kind is a class derived from ExtraOf, known to the file that it serves.
enum class ExtraKind : std::uint8_t { Acl, Chain, Descriptors, Handle, Held, Moving, Names, Suspected };

class Extra {
 public:
  virtual ~Extra() = default;
  Extra(const Extra&) = delete;
  Extra& operator=(const Extra&) = delete;

 protected:
  explicit Extra(ExtraKind kind) : kind_(kind) {}

 private:
  friend class Extras;
  std::unique_ptr<Extra> next_;
  const ExtraKind kind_;
};

template <ExtraKind Which>
class ExtraOf : public Extra {
 public:
  static constexpr ExtraKind kKind = Which;
  ExtraOf() : Extra(Which) {}
};

/// The extras of one node, at most one of each kind: 8 bytes if there are none.
class Extras {
 public:
  /// nullptr: the node has none.
  template <typename Kind>
  Kind* find() const {
    Extra* extra = first_.get();
    while (extra != nullptr && extra->kind_ != Kind::kKind) extra = extra->next_.get();
    return static_cast<Kind*>(extra);
  }
  /// Made if there is none.
  template <typename Kind>
  Kind& get() {
    Kind* found = find<Kind>();
    return found != nullptr ? *found : add(std::make_unique<Kind>());
  }
  /// There must be none of that kind.
  template <typename Kind>
  Kind& add(std::unique_ptr<Kind> extra) {
    Kind& added = *extra;
    extra->next_ = std::move(first_);
    first_ = std::move(extra);
    return added;
  }
  /// Takes it off the node; nullptr if there was none. For the caller to destroy when no mutex is held.
  template <typename Kind>
  [[nodiscard]] std::unique_ptr<Kind> take() {
    for (std::unique_ptr<Extra>* at = &first_; *at; at = &(*at)->next_) {
      if ((*at)->kind_ != Kind::kKind) continue;
      std::unique_ptr<Extra> taken = std::move(*at);
      *at = std::move(taken->next_);
      return std::unique_ptr<Kind>(static_cast<Kind*>(taken.release()));
    }
    return nullptr;
  }

 private:
  std::unique_ptr<Extra> first_;
};

}  // namespace acefs::node
