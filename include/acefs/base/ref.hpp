// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace acefs {

/// How many Refs hold an object: a member `references` of it, mutable if there are Refs to const.
class RefCount {
  template <typename T>
  friend class Ref;
  std::atomic<std::uint32_t> n_{0};
};

/// A counted pointer of 8 bytes, the count in the object. Thread-safe as std::shared_ptr is, but there is nothing weak: whoever wants
/// that keeps what the object is called, and asks who knows. The last Ref calls dispose() if the object has it, else delete.
template <typename T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) noexcept {}  // NOLINT: implicit on purpose
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) object_->references.n_.fetch_add(1, std::memory_order_relaxed);
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ == nullptr || object_->references.n_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if constexpr (requires { object_->dispose(); }) {
      object_->dispose();
    } else {
      delete object_;
    }
  }

  /// None when the last reference to `object` has gone. Its memory must be there: whoever disposes of it must be kept waiting.
  static Ref if_alive(T* object) noexcept {
    std::atomic<std::uint32_t>& n = object->references.n_;
    std::uint32_t seen = n.load(std::memory_order_relaxed);
    while (seen != 0) {
      if (n.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) return adopt(object);
    }
    return nullptr;
  }
  /// The reference goes on without a Ref, until adopt() takes it over.
  T* detach() noexcept { return std::exchange(object_, nullptr); }
  static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  /// Nobody else has one, and nobody can get one but from this.
  bool is_last() const { return object_ != nullptr && object_->references.n_.load(std::memory_order_acquire) == 1; }

  friend bool operator==(const Ref&, const Ref&) = default;
  friend auto operator<=>(const Ref&, const Ref&) = default;

 private:
  T* object_ = nullptr;
};

}  // namespace acefs
