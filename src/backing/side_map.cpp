// SPDX-License-Identifier: MIT
#include "side_map.hpp"

#include <cstdint>
#include <msgpack.hpp>

namespace acefs::backing {

namespace {

/// Takes the map as it is parsed: nothing is allocated for what the bytes only announce.
class MapVisitor : public msgpack::null_visitor {
 public:
  Attributes take() { return std::move(attributes_); }

  bool start_map(std::uint32_t) { return !std::exchange(inside_, true); }
  bool start_map_key() { return expect(Part::Key); }
  bool start_map_value() { return expect(Part::Value); }
  bool end_map_value() { return expect(Part::None); }

  bool visit_str(const char* data, std::uint32_t size) { return take_bytes({data, size}); }
  bool visit_bin(const char* data, std::uint32_t size) { return take_bytes({data, size}); }
  bool visit_nil() { return part_ == Part::Value && take_bytes({}); }

  bool start_array(std::uint32_t) { return false; }
  bool visit_boolean(bool) { return false; }
  bool visit_positive_integer(std::uint64_t) { return false; }
  bool visit_negative_integer(std::int64_t) { return false; }
  bool visit_float32(float) { return false; }
  bool visit_float64(double) { return false; }
  bool visit_ext(const char*, std::uint32_t) { return false; }

 private:
  enum class Part { None, Key, Value };

  bool expect(Part part) {
    part_ = part;
    return true;
  }

  bool take_bytes(std::string_view bytes) {
    if (part_ == Part::None) return false;
    if (part_ == Part::Key) {
      key_ = bytes;
      return true;
    }
    return attributes_.try_emplace(std::move(key_), bytes).second;
  }

  Attributes attributes_;
  std::string key_;
  Part part_ = Part::None;
  bool inside_ = false;
};

}  // namespace

std::string pack(const Attributes& attributes) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> out(buffer);
  out.pack_map(static_cast<std::uint32_t>(attributes.size()));
  for (const auto& [name, value] : attributes) {
    const auto name_size = static_cast<std::uint32_t>(name.size());
    const auto value_size = static_cast<std::uint32_t>(value.size());
    out.pack_str(name_size).pack_str_body(name.data(), name_size);
    out.pack_bin(value_size).pack_bin_body(value.data(), value_size);
  }
  return {buffer.data(), buffer.size()};
}

std::optional<Attributes> unpack(std::string_view bytes) {
  MapVisitor visitor;
  std::size_t offset = 0;
  if (!msgpack::parse(bytes.data(), bytes.size(), offset, visitor) || offset != bytes.size()) return std::nullopt;
  return visitor.take();
}

}  // namespace acefs::backing
