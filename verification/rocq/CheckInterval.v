(* Certificates of kind "interval": weights that beat every DNC configuration for all n and all strengths whose Lambda,
   the p-th root of n lam_0 ... lam_L (p = L + 1), lies between two rationals. Rescaled by numbers of product 1, factors
   keep the output and have the loss a + Lambda |factors|^2 / 2; the bound of DNC is affine in Lambda for each s. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Targets Pointwise Structure Wider Better LowerBound Integer Factors Fraction CheckPoint.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

(* weights for Lambda from low to high, and b (LowerBound.v) at both ends *)
Record piece := Piece { low : frac; high : frac; ifactors : factors; lowb : frac; highb : frac }.
(* K, L, and pieces that meet end to end *)
Record interval := Interval { iK : nat; iL : nat; pieces : seq piece }.

Definition misfit_at K (f : factors) (x : frac) : frac :=
  fadd (misfit_frac K f) (fmul half (fmul x (fsum [seq norm_frac w | w <- layers f]))).
Definition check_end K (f : factors) (x b : frac) : bool :=
  let p := (size (middle f)).+2 in
  [&& fpos x, low_point p b, fle (slope p b) (fmul (fnat K) x) & flt (misfit_at K f x) (low_value p b)].
Definition check_piece K L (c : piece) : bool :=
  [&& (size (middle (ifactors c))).+1 == L, fits K (ifactors c), check_end K (ifactors c) (low c) (lowb c) &
      check_end K (ifactors c) (high c) (highb c)].
Fixpoint meet (cs : seq piece) : bool :=
  if cs is c :: cs' then (if cs' is c' :: _ then high c == low c' else true) && meet cs' else true.
Definition check_interval (c : interval) : bool :=
  [&& (0 < iK c)%N, (1 < iL c)%N, (0 < size (pieces c))%N, all (fun c => flt (low c) (high c)) (pieces c),
      all (check_piece (iK c) (iL c)) (pieces c) & meet (pieces c)].
Definition from (c : interval) : frac := if pieces c is c0 :: _ then low c0 else fnat 0.
Definition until (c : interval) : frac := if pieces c is c0 :: cs then high (last c0 cs) else fnat 0.
Definition interval_width (c : interval) : nat := foldr maxn 0 [seq width (ifactors c) | c <- pieces c].

Local Open Scope ring_scope.

Section Rescale.
Variables (R : rcfType) (K D n : nat) (d : nat -> nat).
Notation sq := (@sqnorm R _ _).
Notation L := D.+1.
Variables (X : 'M[R]_(d 0%N, K)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d D)).
Variables (lam : nat -> R) (Lam : R).
Hypotheses (Kp : (0 < K)%N) (np : (0 < n)%N) (lamp : forall l, (l <= L)%N -> 0 < lam l) (Lamp : 0 < Lam).
Hypothesis LamE : Lam ^+ L.+1 = strengths L n lam.

Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let r0 := Num.sqrt (Lam / (n%:R * lam 0%N)).
Let r l := Num.sqrt (Lam / lam l.+1).
Let rL := Num.sqrt (Lam / lam L).
Definition rescaled : weights R K L n d := @copied R K L n d (r0 *: X) (fun l => r l *: W l) (rL *: V).

Let lam0p : 0 < lam 0%N. Proof. exact: lamp. Qed.
Let lamLp : 0 < lam L. Proof. exact: lamp. Qed.
Let lamlp (l : 'I_D) : 0 < lam l.+1. Proof. by apply: lamp; apply: ltnW; apply: (ltn_ord l). Qed.

Lemma rescaled_one : rL * (r0 * \prod_(l < D) r l) = 1.
Proof.
have h0 : 0 <= rL * (r0 * \prod_(l < D) r l).
  by rewrite !mulr_ge0 ?sqrtr_ge0 ?prodr_ge0 // => l _; rewrite sqrtr_ge0.
have h2 : (rL * (r0 * \prod_(l < D) r l)) ^+ 2 = 1.
  rewrite (exprMn 2 rL) (exprMn 2 r0) -prodrXl (eq_bigr (fun l : 'I_D => Lam / lam l.+1)) => [|l _]; last first.
    by rewrite sqr_sqrtr // divr_ge0 // ltW.
  rewrite !sqr_sqrtr ?divr_ge0 ?mulr_ge0 ?(ltW nr) ?(ltW lam0p) ?(ltW lamLp) ?(ltW Lamp) //.
  rewrite prodf_div prodr_const card_ord.
  have Pp : 0 < \prod_(l < D) lam l.+1 by rewrite prodr_gt0.
  have E := LamE; rewrite !exprS /strengths /= in E.
  move: (\prod_(l < D) lam l.+1) (Lam ^+ D) Pp E => P LD Pp E.
  have -> : Lam / lam L * (Lam / (n%:R * lam 0%N) * (LD / P)) = (Lam * (Lam * LD)) / (n%:R * (lam 0%N * P * lam L)).
    by move: (lam L) lamLp (lam 0%N) lam0p n%:R nr => y yp z zp m mp; field; rewrite !gt_eqF.
  by rewrite E divff // gt_eqF // !mulr_gt0.
by apply/eqP; rewrite -(@eqr_expn2 R 2) // h2 expr1n.
Qed.

Definition norms : R := sq X + \sum_(l < D) sq (W l) + sq V.
Lemma rescaled_loss : loss lam rescaled = (2 * K%:R)^-1 * sq (V *m feature W X D - 1%:M) + Lam * norms / 2.
Proof.
rewrite copied_loss // /= feature_scaled ?sqrtr_ge0 // => [|l]; last by rewrite sqrtr_ge0.
rewrite -scalemxAl -scalemxAr scalerA rescaled_one scale1r !sqZ.
rewrite (eq_bigr (fun l : 'I_D => Lam / 2 * sq (W l))) => [|l _]; last first.
  rewrite sqZ sqr_sqrtr; last by rewrite divr_ge0 // ltW.
  by move: (lam l.+1) (lamlp l) (sq _) => y yp z; field; rewrite gt_eqF.
rewrite -mulr_sumr !sqr_sqrtr ?divr_ge0 ?mulr_ge0 ?(ltW nr) ?(ltW lam0p) ?(ltW lamLp) ?(ltW Lamp) //.
rewrite /norms -!addrA; congr (_ + _).
move: (\sum_(l < D) _) (sq X) (sq V) (lam L) lamLp (lam 0%N) lam0p n%:R nr => a b e y yp z zp m mp.
by field; rewrite !gt_eqF.
Qed.
End Rescale.

Lemma affine_between (R : rcfType) (x y z a b e f : R) : x <= z <= y ->
  a + x * b < e + x * f -> a + y * b < e + y * f -> a + z * b < e + z * f.
Proof.
have sw (u : R) : (a + u * b < e + u * f) = (0 < (e - a) + u * (f - b)).
  by rewrite -subr_gt0; congr (_ < _); ring.
rewrite !sw => /andP [xz zy] hx hy; have [h|h] := lerP 0 (f - b).
  by apply: lt_le_trans hx _; rewrite ler_add2l ler_wpmul2r.
by apply: lt_le_trans hy _; rewrite ler_add2l ler_wnmul2r // ltW.
Qed.

Section Sound.
Variables (R : rcfType) (K : nat) (c : piece).
Notation f := (ifactors c).
Notation D := (size (middle f)).
Hypotheses (Kp : (0 < K)%N) (Dp : (0 < D)%N) (ok : check_piece K D.+1 c).
Let fit : fits K f. Proof. by case/and4P: ok. Qed.
Let a := misfit R K f.
Let b := @norms R K D (fun=> width f) (fX R K f) (fW R f) (fV R K f).

Lemma misfit_at_R x : fok R x -> fok R (misfit_at K f x) /\ fR R (misfit_at K f x) = a + fR R x * b / 2.
Proof.
move=> xk; have [mk me] := misfit_fracE R fit Kp; have [d1 d2 d3] := dens R fit.
have sz : size (layers f) = D.+2 by rewrite /= size_rcons.
have dk l : 0 < zR R (nth nolayer (layers f) l).1.
  case: l => [|l] //=; rewrite nth_rcons; case: ltnP => h; first exact: d2.
  by case: eqP => _ //; rewrite ltr01.
have [|sk se] := @fsumP R [seq norm_frac w | w <- layers f].
  move=> y /(nthP (fnat 1)) [i]; rewrite size_map sz => iD <-.
  by rewrite (nth_map nolayer) ?sz //; apply: norm_ok.
have {}se : fR R (fsum [seq norm_frac w | w <- layers f]) = b.
  rewrite se big_map (big_nth nolayer) big_mkord sz big_ord_recl big_ord_recr /= !norm_fracE.
  rewrite /b /norms (sq_fX R fit) (sq_fV R fit) nth_rcons ltnn eqxx addrA; congr (_ + _ + _).
  by apply: eq_bigr => l _; rewrite nth_rcons ltn_ord norm_fracE (sq_fW R fit).
have hk := fok_mul (fok_half R) (fok_mul xk sk); split; first exact: fok_add mk hk.
by rewrite (fR_add mk hk) me !fR_mul fR_half se; congr (_ + _); rewrite mulrC.
Qed.

Lemma end_facts x bx : check_end K f x bx ->
  [/\ 0 < fR R x, a + fR R x * b / 2 < 1 / 2 & forall s, 0 <= s -> a + fR R x * b / 2 < dnc_curve D.+2 (K%:R * fR R x) s].
Proof.
case/and4P => /(fpos_R R) [xp xk] lowok hs hv; have [ak ae] := misfit_at_R xk.
have [vk ve] := low_value_R R lowok; have [gk ge] := slope_R R lowok.
have small := flt_R ak vk hv; rewrite ae in small.
have hg := fle_R gk (fok_mul (fok_nat R K) xk) hs; rewrite fR_mul fR_nat in hg.
split=> // [|s s0]; first exact: lt_le_trans small (low_value_half R lowok).
exact: lt_le_trans small (low_value_le lowok s0 hg).
Qed.

Theorem piece_sound n d (lam : nat -> R) (th : weights R K D.+1 n d) :
  (0 < n)%N -> (forall l, (l < D.+1)%N -> (width f <= d l)%N) -> (forall l, (l <= D.+1)%N -> 0 < lam l) ->
  fR R (low c) ^+ D.+2 <= strengths D.+1 n lam <= fR R (high c) ^+ D.+2 ->
  is_dnc th -> ~ global_minimiser lam th.
Proof.
move=> np wd lamp hS dnc gm; case/and4P: ok => _ _ /end_facts [x1 a1 b1] /end_facts [x2 a2 b2].
have S0 : 0 <= strengths D.+1 n lam by apply: le_trans (_ : 0 <= fR R (low c) ^+ D.+2) _; [apply: exprn_ge0; apply: ltW | case/andP: hS].
have [Lam L0 LE] := @root_exists R D.+2 _ isT S0.
have hL : fR R (low c) <= Lam <= fR R (high c).
  by move: hS; rewrite -LE !ler_pexpn2r ?nnegrE // ltW.
have Lp : 0 < Lam by apply: lt_le_trans x1 _; case/andP: hL.
suff hb : a + Lam * b / 2 < loss lam th.
  have := gm (wider d (@rescaled R K D n (fun=> width f) (fX R K f) (fW R f) (fV R K f) lam Lam)).
  by rewrite wider_loss // rescaled_loss // leNgt hb.
have [tp|t0] := ltrP 0 (scale th); last first.
  apply: (lt_le_trans _ (_ : 1 / 2 <= _)); last exact: nonpos_scale.
  have := @affine_between R _ _ Lam a (b / 2) (1 / 2) 0 hL.
  by rewrite !mulr0 !addr0 !mulrA; apply.
have [s s0 st] := @root_exists R D.+2 _ isT (ltW tp).
have hd : dnc_curve D.+2 (K%:R * Lam) s <= loss lam th.
  by apply: dnc_bound => //; rewrite ?LE // ltW.
apply: lt_le_trans hd.
move: (b1 s s0) (b2 s s0); rewrite /dnc_curve.
have E (z : R) : D.+2%:R * (K%:R * z) * s ^+ 2 / 2 = z * (D.+2%:R * K%:R * s ^+ 2 / 2).
  by move: (D.+2%:R : R) => q; ring.
rewrite !E -![_ * b / 2]mulrA; exact: affine_between.
Qed.
End Sound.

Theorem check_interval_sound (c : interval) : check_interval c ->
  forall (R : rcfType) n d (lam : nat -> R) (th : weights R (iK c) (iL c) n d),
  (0 < n)%N -> (forall l, (l < iL c)%N -> (interval_width c <= d l)%N) -> (forall l, (l <= iL c)%N -> 0 < lam l) ->
  fR R (from c) ^+ (iL c).+1 <= strengths (iL c) n lam <= fR R (until c) ^+ (iL c).+1 ->
  is_dnc th -> ~ global_minimiser lam th.
Proof.
case: c => K L cs /and5P [/= Kp L2 cs0 _ /andP [hall hmeet]] R n d lam th np wd lamp.
have {wd} wd : all (fun c => [forall l : 'I_L, width (ifactors c) <= d l]%N) cs.
  elim: (cs) wd {cs0 hall hmeet} => //= c cs' IH wd; apply/andP; split.
    by apply/forallP => l; apply: leq_trans (leq_maxl _ _) (wd l (ltn_ord l)).
  by apply: IH => l lL; apply: leq_trans (leq_maxr _ _) (wd l lL).
have one c : check_piece K L c -> [forall l : 'I_L, width (ifactors c) <= d l]%N ->
    fR R (low c) ^+ L.+1 <= strengths L n lam <= fR R (high c) ^+ L.+1 -> is_dnc th -> ~ global_minimiser lam th.
  move=> ok; have EL : (size (middle (ifactors c))).+1 = L by case/and4P: ok => /eqP.
  have Dp : (0 < size (middle (ifactors c)))%N by rewrite -ltnS EL.
  move: th ok lamp; rewrite -EL => th ok lamp /forallP wc hS.
  by apply: (piece_sound Kp Dp ok np) => // l lL; apply: (wc (Ordinal lL)).
case: cs cs0 hall hmeet wd => // c0 cs _; rewrite /from /until /=.
elim: cs c0 => [|c1 cs IH] c0 /=; first by rewrite !andbT => ok _ wc; apply: one.
case/andP => ok hall /andP [/eqP hl hmeet] /andP [wc wd] /andP [lo hi] dnc.
have [h|h] := lerP (strengths L n lam) (fR R (high c0) ^+ L.+1); first by apply: (one c0); rewrite // lo h.
by apply: (IH c1) => //; rewrite -hl hi andbT ltW.
Qed.
